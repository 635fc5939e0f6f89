"""The enterprises of the demo. Names, people and codes are made up; sectors and areas are those that the notice names."""

from dataclasses import dataclass, field

from config.demo.people import ALUMINIUM, STATION
from organisations.services.uscc import check_character, organisation_check_character


@dataclass(frozen=True)
class DemoEnterprise:
    name: str
    sector: str
    section: str
    township: str
    address: str
    principal: str
    headcount: int
    scale: str = "small"
    is_key: bool = False
    # Other fields of the registry row, and the two below
    extra: dict[str, object] = field(default_factory=dict)


def _e(name: str, sector: str, section: str, township: str, address: str, principal: str, headcount: int, scale: str = "small", *, key: bool = False, **extra: object) -> DemoEnterprise:  # fmt: skip
    return DemoEnterprise(name, sector, section, township, address, principal, headcount, scale, key, extra)


UNDETERMINED = "undetermined_days"  # 待明确 for so many days
NO_CODE = "no_uscc_reason"

# fmt: off
ENTERPRISES: tuple[DemoEnterprise, ...] = (
    # 危险化学品：加油站、加气站、液化气
    _e(STATION, "hazchem", "F", "燕山乡", "燕山乡东海大道 3188 号", "陈国强", 14, key=True),
    _e("蚌埠市雪华加油站有限公司", "hazchem", "F", "雪华乡", "雪华乡黄山大道 1206 号", "丁伟", 12, key=True),
    _e("蚌埠市朝阳南路加油站", "hazchem", "F", "黄庄街道", "朝阳南路 518 号", "蒋涛", 10),
    _e("蚌埠市天桥加油站有限公司", "hazchem", "F", "天桥街道", "胜利中路 76 号", "余建华", 9, "micro"),
    _e("蚌埠市湖滨加油站有限公司", "hazchem", "F", "湖滨社区行政事务管理中心", "东海大道 5501 号", "汪海", 11),
    _e("蚌埠市宏业燃气加气站有限公司", "hazchem", "F", "宏业村街道", "宏业路 220 号", "邵军", 16, key=True),
    _e("蚌埠市雪华压缩天然气加气站", "hazchem", "F", "雪华乡", "雪华乡燕山路 88 号", "潘勇", 15, key=True),
    _e("蚌埠市燕山液化石油气储配有限公司", "hazchem", "G", "燕山乡", "燕山乡陶店村西 300 米", "石磊", 28, key=True),
    _e("蚌埠市淮河液化气供应站", "hazchem", "F", "淮河社区行政事务管理中心", "淮河路 1120 号", "黄玉兰", 6, "micro"),
    _e("蚌埠市龙湖加油加气站有限公司", "hazchem", "F", "龙湖新村街道", "龙湖路 309 号", "姚斌", 18),
    _e("蚌埠市华丰化工商贸有限公司", "hazchem", "F", "青年街道", "工农路 41 号", "金鑫", 8, "micro"),
    _e("蚌埠市皖北工业气体有限公司", "hazchem", "C", "雪华乡", "雪华乡工业园 6 号", "顾长青", 42, "medium", key=True),
    # 非煤矿山：燕山乡
    _e("蚌埠市燕山石料有限公司", "non_coal_mine", "B", "燕山乡", "燕山乡燕山村北", "鲁大勇", 56, "medium", key=True),
    _e("蚌埠市大塘建筑石料矿", "non_coal_mine", "B", "燕山乡", "燕山乡大塘村", "耿永福", 33, key=True),
    _e("蚌埠市姜桥采石场", "non_coal_mine", "B", "燕山乡", "燕山乡姜桥村南", "谢光明", 21, operation="stopped"),
    # 粉尘涉爆：燕山乡
    _e(ALUMINIUM, "dust", "C", "燕山乡", "燕山乡工业集中区 2 号", "朱宏伟", 86, "medium", key=True),
    _e("蚌埠市燕山木业有限公司", "dust", "C", "燕山乡", "燕山乡工业集中区 5 号", "夏国栋", 47, key=True),
    _e("蚌埠市金麦面粉有限公司", "dust", "C", "燕山乡", "燕山乡东海大道 3520 号", "曹志刚", 63, "medium", key=True),
    _e("蚌埠市宏图家具有限公司", "dust", "C", "燕山乡", "燕山乡工业集中区 11 号", "薛峰", 39),
    _e("蚌埠市汇川塑粉制品有限公司", "dust", "C", "燕山乡", "燕山乡工业集中区 15 号", "苏航", 25),
    _e("蚌埠市雪华饲料加工厂", "dust", "C", "雪华乡", "雪华乡工业园 12 号", "葛兆祥", 18),
    # 烟花爆竹：纬二路街道、宏业村街道、燕山乡
    _e("蚌埠市纬二路日杂烟花经营部", "fireworks", "F", "纬二路街道", "纬二路 133 号", "杜春生", 4, "individual"),
    _e("蚌埠市喜庆烟花爆竹零售店", "fireworks", "F", "纬二路街道", "华夏路 27 号", "范桂英", 3, "individual"),
    _e("蚌埠市宏业村烟花爆竹专营店", "fireworks", "F", "宏业村街道", "宏业路 95 号", "彭德才", 4, "individual"),
    _e("蚌埠市吉祥烟花零售店", "fireworks", "F", "宏业村街道", "延安路 412 号", "任秀珍", 2, "individual"),
    _e("蚌埠市燕山烟花爆竹批发有限公司", "fireworks", "F", "燕山乡", "燕山乡仁和村东 500 米", "袁志强", 22, key=True),
    _e("燕山集镇烟花爆竹临时零售点", "fireworks", "F", "燕山乡", "燕山集镇农贸市场南门", "贾福根", 2, "individual",
       no_uscc_reason="春节期间临时零售点，未办理登记"),
    # 民用爆炸物品
    _e("蚌埠市安泰民用爆破器材有限公司", "civil_explosives", "C", "燕山乡", "燕山乡燕山村西 2 公里", "侯永刚", 35, key=True),
    # 涉氨制冷
    _e("蚌埠市雪华冷链物流有限公司", "ammonia", "G", "雪华乡", "雪华乡工业园 20 号", "白云飞", 72, "medium", key=True),
    _e("蚌埠市黄庄冷冻食品厂", "ammonia", "C", "黄庄街道", "黄庄路 66 号", "田丰", 54, key=True),
    _e("蚌埠市湖滨水产冷库", "ammonia", "G", "湖滨社区行政事务管理中心", "湖滨路 18 号", "孟庆海", 19),
    # 建筑施工
    _e("蚌埠市宏业建筑工程有限公司", "construction", "E", "宏业村街道", "宏业路 168 号", "严正", 210, "medium", key=True),
    _e("蚌埠市蚌山市政建设有限公司", "construction", "E", "黄庄街道", "朝阳路 305 号", "武大勇", 165, "medium", key=True, affiliation="district"),
    _e("安徽燕山置业有限公司（燕山新苑项目）", "construction", "E", "燕山乡", "燕山乡东海大道与燕山路交口", "康健", 130, "medium", key=True),
    _e("蚌埠市皖江塔吊租赁有限公司", "construction", "E", "雪华乡", "雪华乡工业园 31 号", "毛建国", 27),
    _e("蚌埠市青年路装饰工程有限公司", "construction", "E", "青年街道", "青年路 58 号", "江波", 33),
    _e("蚌埠市天桥老旧小区改造项目部", "construction", "E", "天桥街道", "胜利中路 120 号", "崔亮", 48, affiliation="city"),
    # 城区管网
    _e("蚌埠市蚌山燃气管网服务有限公司", "urban_pipes", "D", "纬二路街道", "华夏路 199 号", "尹志超", 90, "medium", key=True, affiliation="city"),
    _e("蚌埠市宏业供热有限公司", "urban_pipes", "D", "宏业村街道", "延安路 88 号", "钟亮", 45),
    # 消防和人员密集场所
    _e("蚌埠市天桥百货商场有限公司", "fire", "F", "天桥街道", "淮河路 777 号", "方婷", 260, "medium", key=True),
    _e("蚌埠市青年宾馆有限公司", "fire", "H", "青年街道", "青年路 15 号", "俞敏", 65),
    _e("蚌埠市星光影城有限公司", "fire", "R", "青年街道", "工农路 200 号", "柳青", 38),
    _e("蚌埠市金嗓子歌舞娱乐有限公司", "fire", "R", "纬二路街道", "纬二路 208 号", "龚伟", 44),
    _e("蚌埠市黄庄农贸市场管理有限公司", "fire", "F", "黄庄街道", "黄庄路 9 号", "邱桂兰", 24),
    _e("蚌埠市云顶公寓物业服务有限公司", "fire", "K", "宏业村街道", "胜利西路 333 号", "常乐", 31),
    _e("蚌埠市胜利购物广场有限公司", "fire", "F", "胜利街道", "胜利东路 1600 号", "贺文", 180, "medium"),
    _e("蚌埠市燕山夜市管理服务部", "fire", "F", "燕山乡", "燕山乡燕山路", "孔令军", 5, "individual", undetermined_days=26),
    # 特种设备
    _e("蚌埠市安达电梯维保有限公司", "special_equipment", "O", "天桥街道", "胜利中路 260 号", "秦岭", 29),
    _e("蚌埠市清泉浴池", "special_equipment", "O", "黄庄街道", "朝阳路 77 号", "史桂芳", 11, "individual",
       no_uscc_reason="2015 年前登记的个体工商户，尚未换发"),
    _e("蚌埠市皖北气瓶检验站有限公司", "special_equipment", "M", "雪华乡", "雪华乡工业园 8 号", "陶然", 17, key=True),
    _e("蚌埠市顺达叉车租赁有限公司", "special_equipment", "L", "雪华乡", "雪华乡黄山大道 1300 号", "梁军", 14),
    _e("蚌埠市欢乐城游乐有限公司", "special_equipment", "R", "湖滨社区行政事务管理中心", "湖滨路 66 号", "戴安", 52),
    # 道路交通、铁路
    _e("蚌埠市安顺客运有限公司", "road", "G", "天桥街道", "胜利中路 1 号", "万里", 120, "medium", key=True),
    _e("蚌埠市燕山渣土运输有限公司", "road", "G", "燕山乡", "燕山乡东海大道 3300 号", "雷鸣", 64, key=True),
    _e("蚌埠市通达机动车驾驶员培训有限公司", "road", "G", "雪华乡", "雪华乡燕山路 200 号", "倪涛", 40),
    _e("蚌埠市东站铁路专用线货场", "railway", "G", "淮河社区行政事务管理中心", "淮河路 1500 号", "施建国", 36, affiliation="central", is_higher_managed=True),
    # 农业机械、农业农村
    _e("蚌埠市燕山农机服务专业合作社", "farm_machinery", "A", "燕山乡", "燕山乡陶店村", "牛得草", 23),
    _e("蚌埠市雪华农机维修中心", "farm_machinery", "A", "雪华乡", "雪华乡雪华村", "姜山", 9, "micro"),
    _e("蚌埠市燕山生猪养殖场", "agriculture", "A", "燕山乡", "燕山乡姜桥村", "洪福", 16),
    _e("蚌埠市雪华设施蔬菜合作社", "agriculture", "A", "雪华乡", "雪华乡郑郢村", "郑有田", 30),
    # 旅游、电力
    _e("蚌埠市龙湖游船服务有限公司", "tourism", "N", "龙湖新村街道", "龙湖西路 1 号", "章程", 26, undetermined_days=9),
    _e("蚌埠市山水旅行社有限公司", "tourism", "L", "青年街道", "青年路 90 号", "舒畅", 12, "micro"),
    _e("蚌埠市光华配电工程有限公司", "power", "D", "胜利街道", "胜利东路 1288 号", "屈原野", 58, "medium"),
    # 工商贸
    _e("蚌埠市燕山机械铸造有限公司", "industry_trade", "C", "燕山乡", "燕山乡工业集中区 20 号", "关铁军", 75, "medium", key=True),
    _e("蚌埠市雪华包装印刷有限公司", "industry_trade", "C", "雪华乡", "雪华乡工业园 25 号", "卞云", 41),
    _e("蚌埠市宏业仓储有限公司", "industry_trade", "F", "宏业村街道", "宏业路 300 号", "路遥", 20),
    _e("蚌埠市黄庄酱腌菜食品厂", "industry_trade", "C", "黄庄街道", "黄庄路 150 号", "水清", 18),
    _e("蚌埠市玻璃制品二厂", "industry_trade", "C", "龙湖新村街道", "龙湖路 77 号", "华明", 96, "medium", operation="suspended"),
)
# fmt: on

# Roughly where each area lies; enterprises are set around it.
CENTRES = {
    "天桥街道": (117.3702, 32.9421),
    "青年街道": (117.3779, 32.9402),
    "纬二路街道": (117.3655, 32.9348),
    "黄庄街道": (117.3552, 32.9263),
    "宏业村街道": (117.3720, 32.9271),
    "胜利街道": (117.3925, 32.9365),
    "龙湖新村街道": (117.3981, 32.9252),
    "燕山乡": (117.3750, 32.8850),
    "雪华乡": (117.3460, 32.9020),
    "湖滨社区行政事务管理中心": (117.4050, 32.9052),
    "淮河社区行政事务管理中心": (117.4103, 32.9404),
}


def position(township: str, serial: int) -> tuple[str, str]:
    """(longitude, latitude), spread by the serial number so that no two stand on one spot, the same every time."""
    longitude, latitude = CENTRES[township]
    east, north = (serial * 37) % 19 - 9, (serial * 53) % 17 - 8
    return f"{longitude + east * 0.0008:.6f}", f"{latitude + north * 0.0006:.6f}"


def made_up_uscc(serial: int, *, district: str, is_individual: bool = False) -> str:
    """A synthetic code that passes both checks. 91 enterprise, 92 sole trader."""
    body = f"MA2T{serial:04d}"
    first17 = f"{'92' if is_individual else '91'}{district}{body}{organisation_check_character(body)}"
    return first17 + check_character(first17)
